/** Rebuilding 4 lost shards of 14 against encoding them. */
import { inTurn, type Row } from '../row.ts'
import { ourRate, unit } from './rs.ts'

export const rsRebuild: Row = {
  name: 'rs-rebuild',
  unit,
  better: 'higher',
  must: 0.6,
  aim: 0.9,
  async measure() {
    return await inTurn(
      () => ourRate('rebuild'),
      () => ourRate('encode'),
    )
  },
}
