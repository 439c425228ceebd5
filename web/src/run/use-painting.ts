/** Paints a canvas when its picture, its size or the theme changes: at most once per frame. */

import { type RefObject, useCallback, useEffect, useRef } from "react";
import { usePrefs } from "../settings/prefs";

export function usePainting<Picture extends object>(
  canvas: RefObject<HTMLCanvasElement | null>,
  paint: (canvas: HTMLCanvasElement, picture: Picture) => void,
  picture: Picture,
): void {
  const { theme } = usePrefs();
  const latest = useRef(picture);
  latest.current = picture;
  const frame = useRef(0);
  const ask = useCallback(() => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => canvas.current && paint(canvas.current, latest.current));
  }, [canvas, paint]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each part of the picture changes it
  useEffect(ask, [...Object.values(picture), theme, ask]);
  useEffect(() => {
    const resized = new ResizeObserver(ask);
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    if (canvas.current) resized.observe(canvas.current);
    dark.addEventListener("change", ask);
    return () => {
      resized.disconnect();
      dark.removeEventListener("change", ask);
      cancelAnimationFrame(frame.current);
    };
  }, [canvas, ask]);
}
