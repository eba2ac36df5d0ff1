/** Which addresses are anybody's on the Internet, and which lead to this machine or the networks behind it. */
import { lookup as lookUp } from 'node:dns'
import { BlockList, isIP, isIPv4, isIPv6, type LookupFunction } from 'node:net'

/** https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry: what is not globally reachable. */
const special: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
]

const blocked = new BlockList()
for (const [network, prefix] of special) blocked.addSubnet(network, prefix, 'ipv4')
/** Only 2000::/3 is given out; of that, what leads back into version 4 (6to4, Teredo) and what is for documents is left out. */
const given = new BlockList()
given.addSubnet('2000::', 3, 'ipv6')
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  blocked.addSubnet(network, prefix, 'ipv6')

/** False also for what is no address. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !blocked.check(address, 'ipv4')
  return isIPv6(address) && given.check(address, 'ipv6') && !blocked.check(address, 'ipv6')
}

/** Throws what `refuse` makes when a URL's host is an address that is not public. An address in place of a name is not looked up. */
export function assertPublicHost(url: string, refuse: () => Error): void {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw refuse()
}

/** Whatever a name leads to is looked at when the connection is made, so that it cannot lead elsewhere a moment later. */
export function publicLookup(refuse: () => Error): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      if (!addresses.every(({ address }) => isPublicAddress(address))) return callback(refuse(), [])
      const [first] = addresses
      if (options.all === true || first === undefined) return callback(null, addresses)
      callback(null, first.address, first.family)
    })
  }
}
