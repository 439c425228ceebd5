/** The lines that connect an agent, with this server's address. Pure. */

import type { Health } from "../api/types";

export interface Recipe {
  id: string;
  title: string;
  note: string;
  lines: string;
}

/** Where agents send to; the standard port stands in while the server does not tell. */
export function otlpHttp(health: Health | undefined): string {
  return (health?.endpoints.otlp_http ?? "http://127.0.0.1:4318").replace(/\/$/, "");
}

export function envLines(endpoint: string): string {
  return `export OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\nexport OTEL_SERVICE_NAME=my-agent`;
}

export const RECIPES: readonly Recipe[] = [
  {
    id: "otel",
    title: "Any OpenTelemetry",
    note: "An agent that already emits OpenTelemetry needs the environment variables and nothing else. Otherwise install the instrumentation of its framework and start it under opentelemetry-instrument:",
    lines: "pip install opentelemetry-distro opentelemetry-exporter-otlp\nopentelemetry-instrument python my_agent.py",
  },
  {
    id: "pydantic-ai",
    title: "Pydantic AI",
    note: "Two lines before the first agent is made.",
    lines:
      "import logfire  # pip install logfire\nlogfire.configure(send_to_logfire=False); logfire.instrument_pydantic_ai()",
  },
  {
    id: "openai-agents",
    title: "OpenAI Agents",
    note: "By OpenInference. Install openinference-instrumentation-openai-agents, then start the program under opentelemetry-instrument, or add:",
    lines:
      "from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor\nOpenAIAgentsInstrumentor().instrument()",
  },
  {
    id: "langgraph",
    title: "LangGraph, LangChain",
    note: "By OpenInference (openinference-instrumentation-langchain) or by OpenLLMetry (opentelemetry-instrumentation-langchain). One of the two, never both: two instrumentations count every call twice.",
    lines:
      "from openinference.instrumentation.langchain import LangChainInstrumentor\nLangChainInstrumentor().instrument()",
  },
  {
    id: "vercel",
    title: "Vercel AI SDK",
    note: "In instrumentation.ts, then experimental_telemetry: { isEnabled: true } on each call.",
    lines:
      'import { registerOTel } from "@vercel/otel";\nexport const register = () => registerOTel({ serviceName: "my-agent" });',
  },
];
