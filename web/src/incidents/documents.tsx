/** What leaves the page: the post-mortem, read here as text before it is sent on, and the list of who was affected. */

import { useState } from "react";
import { documentPath, documentText, type Incident } from "../api/incidents";
import { useProject } from "../api/queries";
import { Section } from "../health/section";
import { Failure } from "../parts/feedback";

const AFFECTED = ["csv", "jsonl"] as const;

function save(text: string, name: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

export function Documents({ incident }: { incident: Incident }) {
  const project = useProject();
  const [shown, setShown] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const id = incident.incident_id;
  const fetched = async (what: "affected" | "postmortem", format: string, use: (text: string) => void) => {
    setError(null);
    try {
      use(await documentText(documentPath(id, what, format, project)));
    } catch (failed) {
      setError(failed);
    }
  };
  return (
    <Section title="Documents">
      <p className="close-foot">
        <button type="button" onClick={() => fetched("postmortem", "md", setShown)}>
          Read the post-mortem
        </button>
        <button
          type="button"
          onClick={() => fetched("postmortem", "html", (text) => save(text, `postmortem-${id}.html`, "text/html"))}
        >
          Save it as HTML
        </button>
        <button
          type="button"
          onClick={() => fetched("postmortem", "md", (text) => save(text, `postmortem-${id}.md`, "text/markdown"))}
        >
          Save it as Markdown
        </button>
        {AFFECTED.map((format) => (
          <button
            type="button"
            key={format}
            onClick={() => fetched("affected", format, (text) => save(text, `affected-${id}.${format}`, "text/plain"))}
          >
            Save who was affected ({format.toUpperCase()})
          </button>
        ))}
      </p>
      {error ? <Failure error={error} /> : null}
      {shown !== null && (
        <pre className="document" tabIndex={0} data-document="postmortem">
          {shown}
        </pre>
      )}
    </Section>
  );
}
