/** Settings of the reader: theme, refresh, density, and the keys. */

import { savedKey, saveKey } from "../api/client";
import { KeyTable } from "../shell/dialogs";
import { type Prefs, REFRESH_CHOICES, setPrefs, type Theme, usePrefs } from "./prefs";

export function SettingsView() {
  const prefs = usePrefs();
  return (
    <div className="view settings">
      <h1>Settings</h1>
      <p className="muted">
        Kept in this browser. The server's own settings are in its file; <code>quarterdeck config show</code> prints
        them.
      </p>
      <Choice
        legend="Theme"
        name="theme"
        value={prefs.theme}
        options={[
          ["system", "as the system"],
          ["light", "light"],
          ["dark", "dark"],
        ]}
        choose={(theme) => setPrefs({ theme: theme as Theme })}
      />
      <Choice
        legend="Refresh while the range is live"
        name="refresh"
        value={String(prefs.refreshS)}
        options={REFRESH_CHOICES.map((s) => [String(s), s === 0 ? "only on demand" : `every ${s} s`] as const)}
        choose={(s) => setPrefs({ refreshS: Number(s) })}
      />
      <Choice
        legend="Rows"
        name="density"
        value={prefs.density}
        options={[
          ["dense", "dense (28 pixels)"],
          ["roomy", "roomy (36 pixels)"],
        ]}
        choose={(density) => setPrefs({ density: density as Prefs["density"] })}
      />
      <AccessKey />
      <h2>Keys</h2>
      <div className="key-columns">
        <KeyTable />
      </div>
    </div>
  );
}

type ChoiceProps = {
  legend: string;
  name: string;
  value: string;
  options: readonly (readonly [string, string])[];
  choose: (value: string) => void;
};

function Choice({ legend, name, value, options, choose }: ChoiceProps) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      {options.map(([one, words]) => (
        <label key={one}>
          <input type="radio" name={name} checked={one === value} onChange={() => choose(one)} /> {words}
        </label>
      ))}
    </fieldset>
  );
}

function AccessKey() {
  if (!savedKey())
    return <p className="muted">No access key is kept in this tab. The page asks for one when the server wants it.</p>;
  const forget = () => {
    saveKey(null);
    window.location.reload();
  };
  return (
    <p>
      An access key is kept in this tab.{" "}
      <button type="button" onClick={forget}>
        Forget it
      </button>
    </p>
  );
}
