/** What an empty installation shows: how to connect an agent, and a line that listens for the first run. */

import { useState } from "react";
import { useHealth, useProject, useRunsHead } from "../api/queries";
import { Copy } from "../parts/copy";
import { Link, useHere } from "../url/navigation";
import { linkTo, runPath } from "../url/place";
import { envLines, otlpHttp, RECIPES, type Recipe } from "./connect";

export function Empty({ leave }: { leave: () => void }) {
  const health = useHealth().data;
  const endpoint = otlpHttp(health);
  return (
    <div className="view empty">
      <h1>No run has arrived yet</h1>
      <Listening endpoint={endpoint} leave={leave} />
      <h2>Connect an agent</h2>
      <p>
        Send OpenTelemetry to this server. OTLP over HTTP: <code>{endpoint}</code>
        {health?.endpoints.otlp_grpc && (
          <>
            , over gRPC: <code>{health.endpoints.otlp_grpc}</code>
          </>
        )}
        .
      </p>
      <Code text={envLines(endpoint)} label="copy the variables" />
      <Recipes />
      <h2>Or look around first</h2>
      <p>A simulated fleet of 1,000 agents, with a prompt change in the middle that makes a part of it worse:</p>
      <Code text="quarterdeck demo" label="copy" />
    </div>
  );
}

function Code({ text, label }: { text: string; label: string }) {
  return (
    <div className="code">
      <pre tabIndex={0}>{text}</pre>
      <Copy text={text} label={label} />
    </div>
  );
}

function Recipes() {
  const [id, setId] = useState(RECIPES[0]?.id);
  const chosen = RECIPES.find((recipe) => recipe.id === id) as Recipe;
  return (
    <>
      <div className="group-by" role="group" aria-label="Framework">
        {RECIPES.map((recipe) => (
          <button
            type="button"
            className="chip"
            key={recipe.id}
            aria-pressed={recipe.id === id}
            onClick={() => setId(recipe.id)}
          >
            {recipe.title}
          </button>
        ))}
      </div>
      <p>{chosen.note}</p>
      <Code text={chosen.lines} label="copy the lines" />
    </>
  );
}

function Listening({ endpoint, leave }: { endpoint: string; leave: () => void }) {
  const { params } = useHere();
  const first = useRunsHead({ project: useProject() }, { live: true, enabled: true, limit: 1 }).data?.items[0];
  return (
    <p className="listening" role="status">
      <span className={first ? "dot dot-live" : "dot dot-wait"} />
      {first ? (
        <span>
          The first run is here:{" "}
          <Link to={linkTo(runPath(first.run_id), params)}>{first.agent ?? first.root_name}</Link>{" "}
          <button type="button" onClick={leave}>
            Show the fleet
          </button>
        </span>
      ) : (
        <span>listening on {endpoint} …</span>
      )}
    </p>
  );
}
