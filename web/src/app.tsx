/** Which view stands at which address. */

import { Component, type ReactNode } from "react";
import { AlertView } from "./alerts/alert-view";
import { AlertsView } from "./alerts/alerts-view";
import { HandoverView } from "./alerts/handover-view";
import { MutesView } from "./alerts/mutes-view";
import { FleetView } from "./fleet/fleet-view";
import { HealthView } from "./health/health-view";
import { IncidentView } from "./incidents/incident-view";
import { IncidentsView } from "./incidents/incidents-view";
import { LimitsView } from "./limits/limits-view";
import { Failure, Nothing } from "./parts/feedback";
import { RunView } from "./run/run-view";
import { RunsView } from "./runs/runs-view";
import { SettingsView } from "./settings/settings-view";
import { Shell } from "./shell/shell";
import { SignalView } from "./signals/signal-view";
import { SignalsView } from "./signals/signals-view";
import { Link, useHere } from "./url/navigation";
import type { Place } from "./url/place";

function View({ place }: { place: Place }) {
  switch (place.name) {
    case "fleet":
      return <FleetView />;
    case "signals":
      return <SignalsView />;
    case "signal":
      return <SignalView key={place.streamId} streamId={place.streamId} />;
    case "alerts":
      return <AlertsView />;
    case "alert":
      return <AlertView key={place.alertId} alertId={place.alertId} />;
    case "incidents":
      return <IncidentsView />;
    case "incident":
      return <IncidentView key={place.incidentId} incidentId={place.incidentId} />;
    case "mutes":
      return <MutesView />;
    case "handover":
      return <HandoverView />;
    case "runs":
      return <RunsView />;
    case "run":
      return <RunView key={place.runId} runId={place.runId} />;
    case "limits":
      return <LimitsView />;
    case "health":
      return <HealthView />;
    case "settings":
      return <SettingsView />;
    case "lost":
      return <Lost path={place.path} />;
  }
}

function Lost({ path }: { path: string }) {
  return (
    <Nothing>
      Nothing stands at {path}. <Link to="/">Go to Fleet</Link>
    </Nothing>
  );
}

/** A fault in one view is shown in its place; the frame keeps working. */
class Guard extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    return this.state.error ? (
      <Failure error={this.state.error} retry={() => this.setState({ error: null })} />
    ) : (
      this.props.children
    );
  }
}

export function App() {
  const { place } = useHere();
  return (
    <Shell>
      <Guard key={place.name}>
        <View place={place} />
      </Guard>
    </Shell>
  );
}
