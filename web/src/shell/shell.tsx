/** The frame of every view: rail, top bar, palette, keys. */

import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { useProject } from "../api/queries";
import { useAlerts } from "../api/watch-queries";
import { keyName, useKeys } from "../parts/keys";
import { go, here, Link, setParams, useHere } from "../url/navigation";
import { linkTo, type Place } from "../url/place";
import { capital } from "../words/numbers";
import { KeysDialog } from "./dialogs";
import { Palette } from "./palette";
import { RangePicker } from "./range-picker";

const PLACES = [
  { path: "/", title: "Fleet", places: ["fleet"] },
  { path: "/fleet/signals", title: "Signals", places: ["signals", "signal"], inside: true },
  { path: "/runs", title: "Runs", places: ["runs", "run"] },
  { path: "/alerts", title: "Alerts", places: ["alerts", "alert", "mutes", "handover"] },
  { path: "/incidents", title: "Incidents", places: ["incidents", "incident"], inside: true },
  { path: "/limits", title: "Limits", places: ["limits"] },
] as const;
const BELOW = [
  { path: "/health", title: "Health", places: ["health"] },
  { path: "/settings", title: "Settings", places: ["settings"] },
] as const;

const GO: Record<string, string> = {
  f: "/",
  n: "/fleet/signals",
  r: "/runs",
  a: "/alerts",
  i: "/incidents",
  l: "/limits",
  h: "/health",
  s: "/settings",
};

const GO_WITHIN_MS = 2000;

/** `g` and then a letter within two seconds, as in many readers' fingers. The letter is taken before the view sees it. */
function useGo(): void {
  const armedAt = useRef(Number.NEGATIVE_INFINITY);
  useKeys({
    g: () => {
      armedAt.current = performance.now();
    },
  });
  useEffect(() => {
    const jump = (event: KeyboardEvent) => {
      const armed = performance.now() - armedAt.current < GO_WITHIN_MS;
      armedAt.current = Number.NEGATIVE_INFINITY;
      const to = GO[keyName(event)];
      if (!armed || to === undefined) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      go(linkTo(to, here().params));
    };
    window.addEventListener("keydown", jump, { capture: true });
    return () => window.removeEventListener("keydown", jump, { capture: true });
  }, []);
}

function titleOf(place: Place): string {
  return place.name === "run" ? `Run ${place.runId}` : capital(place.name);
}

export function Shell({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<"find" | "keys" | null>(null);
  const { place } = useHere();
  useGo();
  useKeys({ "mod+k": () => setOpen("find"), "?": () => setOpen("keys") });
  useEffect(() => {
    document.title = `${titleOf(place)} · Quarterdeck`;
  }, [place]);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the view
      </a>
      <Rail />
      <TopBar find={() => setOpen("find")} keys={() => setOpen("keys")} />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      {open === "find" && <Palette close={() => setOpen(null)} />}
      {open === "keys" && <KeysDialog close={() => setOpen(null)} />}
    </div>
  );
}

/** Signals stand inside Fleet, incidents inside Alerts: their item is there while one is in it. */
const INSIDE: Record<string, ReadonlySet<string>> = {
  "/fleet/signals": new Set(["fleet", "signals", "signal"]),
  "/incidents": new Set(["alerts", "alert", "mutes", "handover", "incidents", "incident"]),
};

type Item = { path: string; title: string; places: readonly string[]; inside?: boolean };

function Rail() {
  const { place, params } = useHere();
  const item = ({ path, title, places, inside }: Item) => (
    <Link
      key={path}
      to={linkTo(path, params)}
      className={inside ? "rail-inside" : undefined}
      aria-current={places.includes(place.name) ? "page" : undefined}
    >
      {title}
      {path === "/alerts" && <Firing />}
    </Link>
  );
  return (
    <nav className="rail" aria-label="Places">
      <span className="brand">Quarterdeck</span>
      {PLACES.filter((one) => INSIDE[one.path]?.has(place.name) ?? true).map(item)}
      <span className="rail-gap" />
      {BELOW.map(item)}
    </nav>
  );
}

/** How many alerts fire; nothing while none does, and where the server keeps no watch. */
function Firing() {
  const answer = useAlerts(["firing"], 5).data;
  const firing = answer?.items.length ?? 0;
  if (firing === 0) return null;
  const more = answer?.next_cursor ? "+" : "";
  return (
    <span className="rail-count">
      {firing}
      {more}
      <span className="off-screen"> firing</span>
    </span>
  );
}

const UNSET: Partial<Record<string, string>> = { fleet: "last 60 min", runs: "all time" };

function TopBar({ find, keys }: { find: () => void; keys: () => void }) {
  const { place } = useHere();
  const unset = UNSET[place.name];
  return (
    <header className="top">
      <ProjectBox />
      {unset && <RangePicker whenUnset={unset} />}
      <span className="top-gap" />
      <button type="button" onClick={find} className="find-button">
        Find <kbd>Ctrl K</kbd>
      </button>
      <button type="button" onClick={keys} aria-label="Show keys">
        ?
      </button>
    </header>
  );
}

function ProjectBox() {
  const project = useProject();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const named = String(new FormData(event.currentTarget).get("project") ?? "").trim();
    setParams({ project: named && named !== "default" ? named : null });
  };
  return (
    <form className="project" onSubmit={submit} key={project}>
      <label>
        <span className="muted">project</span>
        <input
          name="project"
          aria-label="Project"
          defaultValue={project}
          size={Math.max(8, project.length)}
          spellCheck={false}
          autoComplete="off"
        />
      </label>
    </form>
  );
}
