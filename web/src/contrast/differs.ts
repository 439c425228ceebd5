/** Whether a fact of two runs differs enough to be pointed at. Pure. */

const RATIO = 1.5;

/** Numbers by their ratio (1.5 and more), texts by equality; what is unknown on either side does not differ. */
export function differs(one: number | string | null, other: number | string | null): boolean {
  if (typeof one === "number" && typeof other === "number") {
    const [low, high] = one < other ? [one, other] : [other, one];
    return low <= 0 ? high > 0 : high / low >= RATIO;
  }
  if (typeof one === "number" || typeof other === "number") return false;
  return one !== other;
}
