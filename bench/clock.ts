/** Milliseconds on a clock that all processes of the machine share, with a fraction. */
export function sharedNow(): number {
  return performance.timeOrigin + performance.now()
}
