/** For `--import`: at its end a program writes down the most kB it ever had resident, all threads together, where `PEAK_MEMORY_FILE` says. */
import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const file = process.env['PEAK_MEMORY_FILE']
if (isMainThread && file !== undefined)
  process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS)))
