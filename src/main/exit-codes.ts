/** What a program's end tells a script; the same table stands in docs/operate/exit-codes.md. */

export const exitCodes = {
  success: 0,
  unexpected: 1,
  settings: 2,
  data: 3,
  inUse: 4,
  port: 5,
  key: 6,
  rebuild: 7,
  nodes: 8,
  incomplete: 9,
  /** Also the launcher's: packaging/bin/launch.sh. */
  platform: 10,
  damaged: 11,
  absent: 12,
  refused: 13,
  unreachable: 14,
  partly: 15,
  database: 16,
  /** 128 + SIGINT: the second Ctrl-C. */
  forced: 130,
} as const
