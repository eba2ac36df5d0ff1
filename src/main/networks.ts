/** Networks as people name them: `172.18.0.0/16,fd00:18::/64` (RFC 4632, RFC 4291). */
import { isIPv4, isIPv6 } from 'node:net'
import { plainAddress } from '#http/peer'

export interface Networks {
  readonly names: readonly string[]
  /** An IPv4 peer of an IPv6 socket (`::ffff:172.18.0.9`) counts as what it is. */
  readonly include: (address: string) => boolean
}

/** Wider ones than the widest private networks, 10.0.0.0/8 and fc00::/7, name strangers. */
const prefixMin = { 32: 8, 128: 7 } as const

/** `undefined` unless every one is the first address of its network and a prefix length, and none is too wide. */
export function parseNetworks(text: string): Networks | undefined {
  const names = text.split(',').map((name) => name.trim())
  const networks = names.map(parseNetwork)
  if (networks.includes(undefined)) return undefined
  const include = (text: string): boolean => {
    const address = parseAddress(text)
    return address !== undefined && networks.some((network) => network && holds(network, address))
  }
  return { names, include }
}

interface Address {
  readonly bits: 32 | 128
  readonly value: bigint
}

interface Network extends Address {
  /** How many bits of an address are free. */
  readonly free: bigint
}

function parseNetwork(text: string): Network | undefined {
  const [, first = '', length = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const address = parseAddress(first)
  if (address === undefined) return undefined
  const prefix = Number(length)
  if (prefix < prefixMin[address.bits] || prefix > address.bits) return undefined
  const free = BigInt(address.bits - prefix)
  const isFirst = (address.value >> free) << free === address.value
  return isFirst ? { ...address, free } : undefined
}

function holds({ bits, value, free }: Network, address: Address): boolean {
  return bits === address.bits && value >> free === address.value >> free
}

function parseAddress(text: string): Address | undefined {
  const address = plainAddress(text)
  if (isIPv4(address)) {
    return {
      bits: 32,
      value: number(
        address.split('.').map((part) => Number(part)),
        8n,
      ),
    }
  }
  if (!isIPv6(address) || address.includes('%')) return undefined
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1) // hexadecimal groups, one gap at most
  const [head = [], tail = []] = plain
    .split('::')
    .map((groups) => groups.split(':').filter(Boolean))
  const gap = Array<string>(8 - head.length - tail.length).fill('0')
  const groups = [...head, ...gap, ...tail].map((group) => Number.parseInt(group, 16))
  return { bits: 128, value: number(groups, 16n) }
}

function number(digits: readonly number[], digitBits: bigint): bigint {
  return digits.reduce((value, digit) => (value << digitBits) | BigInt(digit), 0n)
}

/** An address to listen on that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}
