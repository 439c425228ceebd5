/** Copies a text and says that it did. */

import { useEffect, useState } from "react";

async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Without https the clipboard API does not exist; the old way still works. */
function copyBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "off-screen";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

export function Copy({ text, label }: { text: string; label: string }) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (!said) return;
    const timer = window.setTimeout(() => setSaid(""), 2000);
    return () => window.clearTimeout(timer);
  }, [said]);
  const copy = async () => setSaid((await toClipboard(text)) ? "copied" : "not copied: select it by hand");
  return (
    <button type="button" className="copy" onClick={copy}>
      {said || label}
      <span className="off-screen" role="status">
        {said}
      </span>
    </button>
  );
}
