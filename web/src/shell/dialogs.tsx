/** The help of keys. */

import { type ReactNode, useEffect, useRef } from "react";
import { KEYMAP } from "./keymap";

/** A native modal dialog: focus stays inside and Escape closes it, by the browser's own doing. */
export function Dialog({ label, close, children }: { label: string; close: () => void; children: ReactNode }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => box.current?.showModal(), []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a native dialog; the click on the backdrop is an extra
    <dialog ref={box} aria-label={label} onClose={close} onClick={(event) => event.target === box.current && close()}>
      {children}
    </dialog>
  );
}

export function KeyTable() {
  return KEYMAP.map((group) => (
    <section key={group.where}>
      <h3>{group.where}</h3>
      <dl className="keys">
        {group.keys.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </section>
  ));
}

export function KeysDialog({ close }: { close: () => void }) {
  return (
    <Dialog label="Keys" close={close}>
      <div className="dialog-body">
        <h2>Keys</h2>
        <KeyTable />
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
