import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * RULES G3: which addresses may be called. Everything that is not plain public unicast (private, loopback, link-local
 * and with it the metadata services, carrier-grade NAT, reserved) is refused unless the operator allowed it: channel
 * configs, links and webhooks are written by tenants, and the daemon stands inside somebody's network.
 */
export type Egress = {
  /** Throws `EgressBlocked` if `host` is a literal address that may not be called. Names are vetted by `lookup`. */
  vetHost(host: string): void
  /**
   * For `net.connect`: resolves a name and keeps only the addresses that may be called. The socket connects to what
   * this returned, so there is no second resolution that could answer differently (DNS rebinding).
   */
  lookup: LookupFunction
}

export class EgressBlocked extends Error {
  override name = 'EgressBlocked'
}

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Resolve = (host: string, done: (error: Error | null, addresses: LookupAddress[]) => void) => void

const LOOPBACK = ['127.0.0.0/8', '::1/128']

/**
 * @param allow CIDRs (`10.0.0.0/8`), addresses, host names (all their addresses are allowed), or the word `loopback`.
 * @throws Error naming an entry that is none of these.
 */
export function createEgress(allow: readonly string[], resolve: Resolve = resolveAll): Egress {
  const ranges: [Address, number][] = []
  const hosts = new Set<string>()
  for (const entry of allow.flatMap(word => (word === 'loopback' ? LOOPBACK : [word]))) {
    if (ipaddr.isValidCIDR(entry)) ranges.push(ipaddr.parseCIDR(entry))
    else if (isIP(entry) !== 0) ranges.push(ipaddr.parseCIDR(`${entry}/${isIP(entry) === 4 ? 32 : 128}`))
    else if (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(entry)) hosts.add(entry.toLowerCase())
    else throw new Error(`egress.allow: ${entry} is neither a CIDR nor an address nor a host name`)
  }
  const allowed = (text: string): boolean => {
    const address = plain(text)
    return (
      address.range() === 'unicast' ||
      ranges.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits))
    )
  }
  return {
    vetHost: host => {
      const literal = host.startsWith('[') ? host.slice(1, -1) : host
      if (isIP(literal) !== 0 && !allowed(literal)) throw new EgressBlocked(`${literal} may not be called`)
    },
    lookup: (host, options, done) => {
      resolve(host, (error, addresses) => {
        if (error !== null) return done(error, '', 0)
        const family = options.family === 4 || options.family === 6 ? options.family : undefined
        const fit = addresses.filter(found => family === undefined || found.family === family)
        const named = hosts.has(host.toLowerCase())
        const vetted = named ? fit : fit.filter(found => allowed(found.address))
        const first = vetted[0]
        if (first === undefined) {
          done(new EgressBlocked(`${host} resolves to no address that may be called`), '', 0)
        } else if (options.all) {
          done(null, vetted)
        } else {
          done(null, first.address, first.family)
        }
      })
    },
  }
}

function resolveAll(host: string, done: Parameters<Resolve>[1]): void {
  systemLookup(host, { all: true }, done)
}

/**
 * The address that is really reached. IPv4 hides in IPv6 in two ways that route: mapped (`::ffff:10.0.0.1`) and
 * translated (`64:ff9b::a00:1`, RFC 6052, the only way out of an IPv6-only network). Other embeddings are refused
 * by their range.
 */
function plain(text: string): Address {
  const address = ipaddr.process(text)
  if (address instanceof ipaddr.IPv6 && address.range() === 'rfc6052') {
    return ipaddr.fromByteArray(address.toByteArray().slice(12))
  }
  return address
}
