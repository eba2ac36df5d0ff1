/**
 * `node bench/erasure-speed.ts encode|rebuild BYTES MS`: codes 10+4 on blocks of BYTES bytes for about MS milliseconds of CPU time;
 * prints MB/s of data. CPU time, as in `baseline/isal.c`: what other processes take from the core must not count.
 */
import { openErasure, scratchBytes } from '#erasure/codec'
import { kernelModule } from '#erasure/kernel-module'
import { namedProfiles } from '#erasure/profile'

const [mode, blockText, durationText] = process.argv.slice(2)
const bytes = Number(blockText)
const enoughMs = Number(durationText)
const profile = namedProfiles.default
const shards = profile.data + profile.parity

/** Of four different pairs of shards, so that the kernel's shortcut for pairs is of no use: the slowest loss of four. */
const lostIndexes = [1, 4, 7, 12]

const pages = Math.ceil((scratchBytes + shards * bytes) / 65536)
const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true })
const everything = new Uint8Array(memory.buffer, scratchBytes)
for (let i = 0; i < everything.length; i += 1) everything[i] = Math.imul(i, 2654435761) >>> 13
const erasure = openErasure(kernelModule, { memory, offset: 0, bytes: scratchBytes })
const all = Array.from({ length: shards }, (_, index) => ({
  index,
  offset: scratchBytes + index * bytes,
}))
const offsets = all.map(({ offset }) => offset)
const data = offsets.slice(0, profile.data)
const parity = offsets.slice(profile.data)
const lost = all.filter(({ index }) => lostIndexes.includes(index))
const present = all.filter(({ index }) => !lostIndexes.includes(index))

const encode = () => erasure.encode(profile, { data, parity, bytes })
const rebuild = () => erasure.rebuild(profile, { present, lost, bytes })
const run = mode === 'rebuild' ? rebuild : encode

spend(Math.max(200, enoughMs)) // until V8 has compiled it well
const { rounds, seconds } = spend(enoughMs)
console.log((bytes * profile.data * rounds) / seconds / 1e6)

function spend(atLeastMs: number): { readonly rounds: number; readonly seconds: number } {
  const start = process.cpuUsage()
  for (let rounds = 0; ; ) {
    for (let i = 0; i < 50; i += 1) run()
    rounds += 50
    const { user, system } = process.cpuUsage(start)
    const seconds = (user + system) / 1e6
    if (seconds * 1000 >= atLeastMs) return { rounds, seconds }
  }
}
