/** What stands inside Alerts. */

import { Link, useHere } from "../url/navigation";
import { linkTo } from "../url/place";

const TABS = [
  ["/alerts", "Alerts"],
  ["/incidents", "Incidents"],
  ["/mutes", "Mutes"],
  ["/handover", "Handover"],
] as const;

export function Tabs() {
  const { path, params } = useHere();
  return (
    <nav className="tabs" aria-label="Inside Alerts">
      {TABS.map(([to, title]) => (
        <Link key={to} to={linkTo(to, params)} aria-current={path === to ? "page" : undefined}>
          {title}
        </Link>
      ))}
    </nav>
  );
}
