/** What Limits shows before the first call: the two lines that send an SDK through the gateway. */

import type { Limits } from "../api/limits";
import { Copy } from "../parts/copy";
import { gatewayLines } from "../words/limits";
import { Gauges } from "./gauges";

const STANDARD = "http://127.0.0.1:4321";

export function Connect({ gateway, limits }: { gateway: string | null; limits?: Limits }) {
  return (
    <div className="view empty limits">
      <h1>{gateway === null ? "No gateway runs" : "No call has come through the gateway yet"}</h1>
      {gateway === null ? (
        <>
          <p>
            The gateway stands between agents and their provider: it reserves what a call will take, lets calls wait in
            a fair order, and spares refusals. Start the server with it:
          </p>
          <Code text="quarterdeck serve --gateway-port 4321" />
          <p>Then send your agents through it. Two lines, no change of code:</p>
        </>
      ) : (
        <p className="listening" role="status">
          <span className="dot dot-wait" />
          listening on {gateway} …
        </p>
      )}
      {gateway !== null && <p>Send your agents through it. Two lines, no change of code:</p>}
      <Code text={gatewayLines(gateway ?? STANDARD)} />
      {limits?.items.map((one) => (
        <section key={one.account}>
          <h2>{one.account === "*" ? "Every model" : one.account}</h2>
          <Gauges account={one} />
        </section>
      ))}
    </div>
  );
}

function Code({ text }: { text: string }) {
  return (
    <div className="code">
      <pre tabIndex={0}>{text}</pre>
      <Copy text={text} label="copy" />
    </div>
  );
}
