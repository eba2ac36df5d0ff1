import { z } from 'zod'
import {
  type Given,
  isGiven,
  parsedBy,
  type Rule,
  readSettings,
  type ValuesOf,
} from '#main/settings'
import { oneMasterKey, storeSettings } from '#main/store.config'
import { upSettings } from '#main/up.config'

export const inspectSettings = {
  ...storeSettings,
  chunkBytes: upSettings.chunkBytes,
  object: {
    flag: '--object <bucket/key>',
    help: 'show an object: where its bytes are, and how they are',
    schema: z.string().optional(),
  },
  chunk: {
    flag: '--chunk <id>',
    help: 'show a chunk and its shards',
    schema: parsedBy(
      (text) => (/^[0-9a-f]{32}$/.test(text) ? text : undefined),
      '32 hex digits',
    ).optional(),
  },
  shard: {
    flag: '--shard <file>',
    help: 'show what a shard file says of itself; needs no key',
    schema: z.string().optional(),
  },
  json: {
    flag: '--json',
    help: 'print one JSON document',
    schema: isGiven,
  },
}
export type InspectConfig = ValuesOf<typeof inspectSettings>

const oneThing: Rule<typeof inspectSettings> = ({ object, chunk, shard }) =>
  [object, chunk, shard].filter((given) => given !== undefined).length === 1
    ? []
    : ['give one of --object, --chunk and --shard']

/** `main/mistaken-settings`: all mistakes at once. */
export function readInspectConfig(given: Given): InspectConfig {
  return readSettings(inspectSettings, given, [oneMasterKey, oneThing])
}
