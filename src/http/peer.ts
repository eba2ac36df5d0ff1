/** Addresses of who is at the other end of a connection. */

/** An IPv4 peer of an IPv6 socket (`::ffff:172.18.0.9`) counts as what it is. */
export function plainAddress(peer: string): string {
  return peer.replace(/^::ffff:(?=\d+\.)/i, '')
}

/** Programs of this machine, and whoever comes through a proxy on it. */
export function isLoopback(peer: string): boolean {
  return peer === '::1' || /^127\.\d+\.\d+\.\d+$/.test(plainAddress(peer))
}
