/** S3 clients that people have, run against a store with the settings they come with. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cleanEnvironment, type RunningStore } from './harness.ts'
import type { ClientName } from './install-clients.ts'

/** Runs the client with these arguments; what it prints. Rejects when it fails. */
export type Client = (...args: readonly string[]) => Promise<string>

const outputBytesMax = 2 ** 26

/** rclone's name for the store is `store:`. */
export function outsideClient(name: ClientName, store: RunningStore, home: string): Client {
  const { flags, env } = settings[name](store)
  return async (...args) => {
    const { stdout } = await promisify(execFile)(name, [...flags, ...args], {
      env: { ...cleanEnvironment(), HOME: home, ...env },
      maxBuffer: outputBytesMax,
      encoding: 'utf8',
    })
    return stdout
  }
}

interface Settings {
  readonly flags: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

const settings: Readonly<Record<ClientName, (store: RunningStore) => Settings>> = {
  aws: ({ data, s3Url }) => ({
    flags: [],
    env: {
      AWS_SHARED_CREDENTIALS_FILE: join(data, 'aws-credentials'),
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: s3Url,
    },
  }),
  rclone: ({ s3Url, accessKeyId, secretAccessKey }) => ({
    flags: [],
    env: {
      RCLONE_CONFIG: '/dev/null',
      RCLONE_CONFIG_STORE_TYPE: 's3',
      RCLONE_CONFIG_STORE_PROVIDER: 'Other',
      RCLONE_CONFIG_STORE_ENDPOINT: s3Url,
      RCLONE_CONFIG_STORE_ACCESS_KEY_ID: accessKeyId,
      RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: secretAccessKey,
    },
  }),
  s3cmd: ({ s3Url, accessKeyId, secretAccessKey }) => {
    const { host } = new URL(s3Url)
    return {
      flags: [
        ...['--config=/dev/null', '--no-ssl', `--host=${host}`, `--host-bucket=${host}`],
        ...[`--access_key=${accessKeyId}`, `--secret_key=${secretAccessKey}`],
      ],
      env: {},
    }
  },
}
