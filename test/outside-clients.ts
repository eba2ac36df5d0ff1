/** S3 clients that people have, run against a store with the settings they come with. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cleanEnvironment, type RunningStore } from './harness.ts'
import type { ClientName, FoundClient } from './install-clients.ts'

/** Runs the client with these arguments; what it prints. Rejects when it fails. */
export type Client = (...args: readonly string[]) => Promise<string>

const outputBytesMax = 2 ** 26
const boto3Program = new URL('boto3-client.py', import.meta.url).pathname

/** rclone's name for the store is `store:`. */
export function outsideClient(
  { name, file }: Pick<FoundClient, 'name' | 'file'>,
  store: RunningStore,
  home: string,
): Client {
  const { flags, env } = settings[name](store)
  return async (...args) => {
    const { stdout } = await promisify(execFile)(file, [...flags, ...args], {
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

/** Backups are sealed with it. */
const passphrase = 'of the tests'

const settings: Readonly<Record<ClientName, (store: RunningStore) => Settings>> = {
  aws: ({ data, s3Url }) => ({
    flags: [],
    env: {
      AWS_SHARED_CREDENTIALS_FILE: join(data, 'aws-credentials'),
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: s3Url,
    },
  }),
  boto3: (store) => ({
    flags: [boto3Program, store.s3Url],
    env: { AWS_DEFAULT_REGION: 'us-east-1', ...awsKeys(store) },
  }),
  duplicity: (store) => ({
    flags: ['--s3-endpoint-url', store.s3Url],
    env: { PASSPHRASE: passphrase, ...awsKeys(store) },
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
  restic: (store) => ({
    flags: ['--repo', `s3:${store.s3Url}/from-restic/backup`],
    env: { RESTIC_PASSWORD: passphrase, ...awsKeys(store) },
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
  s3fs: ({ s3Url, accessKeyId, secretAccessKey }) => ({
    flags: ['-o', `url=${s3Url}`, '-o', 'use_path_request_style'],
    env: { AWSACCESSKEYID: accessKeyId, AWSSECRETACCESSKEY: secretAccessKey },
  }),
  s4cmd: ({ s3Url, accessKeyId, secretAccessKey }) => ({
    flags: [`--endpoint-url=${s3Url}`],
    env: { S3_ACCESS_KEY: accessKeyId, S3_SECRET_KEY: secretAccessKey },
  }),
}

function awsKeys({ accessKeyId, secretAccessKey }: RunningStore): Readonly<Record<string, string>> {
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
}
