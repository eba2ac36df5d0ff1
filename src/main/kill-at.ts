import type { SystemWorldOptions } from '#world/system'

/**
 * Crash runs: `MYCELIUM_KILL_AT=changelog/committed:3` ends the process with SIGKILL when it passes that crash point for the third time.
 * The points are listed in docs/operate/crash-points.md.
 */
export function killAt(setting: string | undefined): SystemWorldOptions {
  if (setting === undefined || setting === '') return {}
  const [point = '', times = '1'] = setting.split(':')
  let left = Number(times)
  return {
    onPassing: (passed) => {
      if (passed !== point) return
      left -= 1
      if (left === 0) process.kill(process.pid, 'SIGKILL')
    },
  }
}
