/** Reed–Solomon in WASM against Intel ISA-L on the same core. */
import { compileIsal } from '../baseline/isal.ts'
import { rateOnOneCore } from '../one-core.ts'
import { inTurn, type Row } from '../row.ts'
import { blockBytes, ourRate, runMs, unit } from './rs.ts'

export const rsEncode: Row = {
  name: 'rs-encode',
  unit,
  better: 'higher',
  must: 0.4,
  aim: 0.55,
  async measure() {
    await using isal = await compileIsal()
    return await inTurn(
      () => ourRate('encode'),
      () => rateOnOneCore(isal.path, [String(blockBytes), String(runMs)]),
    )
  },
}
