/** A canvas ready to be drawn on: backing store of the screen's pixels, colours of the style, widths of texts. */

export type Pen = CanvasRenderingContext2D;

export interface Ink {
  token: (name: string) => string;
  measure: (pen: Pen, text: string) => number;
  width: number;
  height: number;
}

/** Texts whose width is remembered; one screen has a few dozen. */
const WIDTHS_MAX = 2000;
const widths = new Map<string, number>();

/** Measuring a text costs more than drawing it, and panning draws the same ones again. */
function measure(pen: Pen, text: string): number {
  const known = widths.get(text);
  if (known !== undefined) return known;
  if (widths.size >= WIDTHS_MAX) widths.clear();
  const width = pen.measureText(text).width;
  widths.set(text, width);
  return width;
}

/** Reads each token of the style once per drawing: a style may change between two. */
export function inkOf(canvas: HTMLCanvasElement): Ink {
  const style = getComputedStyle(canvas);
  const tokens = new Map<string, string>();
  const token = (name: string) => {
    const known = tokens.get(name);
    if (known !== undefined) return known;
    const value = style.getPropertyValue(name).trim();
    tokens.set(name, value);
    return value;
  };
  return { token, measure, width: canvas.clientWidth, height: canvas.clientHeight };
}

/** Matches the backing store to the pixels of the screen. */
export function penOf(canvas: HTMLCanvasElement): Pen | null {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const pen = canvas.getContext("2d");
  pen?.setTransform(ratio, 0, 0, ratio, 0, 0);
  return pen;
}
