/** `burst` at once, then `perSecond`. */
export type Rate = { burst: number; perSecond: number }

/** A token bucket. Owns no timer: how much is in it follows from the time of the last look. */
export type Bucket = { left: number; at: number }

export function fullBucket({ burst }: Rate, now: number): Bucket {
  return { left: burst, at: now }
}

/** Takes `cost` out, or answers how many milliseconds to wait until it is in; 0 is taken. */
export function take(bucket: Bucket, { burst, perSecond }: Rate, now: number, cost = 1): number {
  const left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * perSecond)
  bucket.at = now
  // What never fits is let through when the bucket is full: its size has a bound of its own.
  const price = Math.min(cost, burst)
  bucket.left = left >= price ? left - price : left
  return left >= price ? 0 : Math.ceil(((price - left) / perSecond) * 1000)
}

/** How many have a bucket of their own. */
const KEYS_MAX = 10_000

/** Buckets by key. Beyond the bound, those who come anew share one until others are full again. */
export function createBuckets(rate: Rate): (key: string, now: number, cost?: number) => number {
  const buckets = new Map<string, Bucket>()
  const shared = { left: rate.burst, at: 0 }
  const bucketOf = (key: string, now: number): Bucket => {
    const known = buckets.get(key)
    if (known !== undefined) return known
    if (buckets.size >= KEYS_MAX) forgetFull(buckets, rate, now)
    if (buckets.size >= KEYS_MAX) return shared
    const made = fullBucket(rate, now)
    buckets.set(key, made)
    return made
  }
  return (key, now, cost) => take(bucketOf(key, now), rate, now, cost)
}

/** From the oldest on, and no further than a few that are not full yet: this runs while somebody floods us. */
function forgetFull(buckets: Map<string, Bucket>, { burst, perSecond }: Rate, now: number): void {
  let busy = 0
  for (const [key, { left, at }] of buckets) {
    if (left + ((now - at) / 1000) * perSecond >= burst) buckets.delete(key)
    else if (++busy > LOOKED_MAX) return
  }
}
const LOOKED_MAX = 64
