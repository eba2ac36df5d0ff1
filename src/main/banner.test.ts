import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { type BannerFacts, printBanner, printLines } from '#main/banner'

const facts: BannerFacts = {
  version: '0.1.0',
  s3Url: 'http://127.0.0.1:9000',
  httpUrl: 'http://127.0.0.1:8080',
  heroRedis: undefined,
  accessKeyId: 'AKIAEXAMPLEEXAMPLE42',
  credentialsPath: '/srv/mycelium/aws-credentials',
  masterKeyOrigin: '/srv/mycelium/keys/master.key',
  dataPath: '/srv/mycelium',
  nodesUp: 14,
  nodes: 14,
  profile: { data: 10, parity: 4 },
  toleratedNodeLosses: 4,
  hidingEnv: [],
  warnings: [],
  isColoured: false,
  toolLine: (args) => ['npx', 'cyxcloud', ...args].join(' '),
}

test('the banner says where, how safe, and what to paste', () => {
  equal(
    printBanner(facts),
    `
Mycelium 0.1.0 is up.

  S3 endpoint  http://127.0.0.1:9000
  Local mount  http://127.0.0.1:8080/s3   (no key needed from this machine)
  Libraries    http://127.0.0.1:8080   (mdlibs login http://127.0.0.1:8080)
  Access key   AKIAEXAMPLEEXAMPLE42
  Secret key   in /srv/mycelium/aws-credentials
  Master key   /srv/mycelium/keys/master.key
               back it up: nothing can be read without it
  Data         /srv/mycelium
  Nodes        14 up, profile 10+4
  Durability   survives the loss of any 4 of 14 nodes
  Status       http://127.0.0.1:8080/health   http://127.0.0.1:8080/metrics

Try it:

  export AWS_SHARED_CREDENTIALS_FILE=/srv/mycelium/aws-credentials AWS_DEFAULT_REGION=us-east-1
  aws --endpoint-url http://127.0.0.1:9000 s3 mb s3://photos
  echo "hello, mycelium" > hello.txt
  aws --endpoint-url http://127.0.0.1:9000 s3 cp hello.txt s3://photos/hello.txt
  aws --endpoint-url http://127.0.0.1:9000 s3 cp s3://photos/hello.txt -
  npx cyxcloud list photos --long --endpoint-url http://127.0.0.1:9000
  curl -T hello.txt http://127.0.0.1:8080/s3/first-bucket/hello.txt
  curl http://127.0.0.1:8080/s3/first-bucket/hello.txt

Ctrl-C stops it.

`,
  )
})

test('without colours not one escape; with them, some', () => {
  ok(!printBanner({ ...facts, warnings: ['node-03 is down.'] }).includes('\x1b'))
  ok(printBanner({ ...facts, isColoured: true }).includes('\x1b['))
})

test('a doubtful cluster does not boast', () => {
  const banner = printBanner({ ...facts, nodesUp: 10, toleratedNodeLosses: 2 })
  ok(banner.includes('10 of 14 up'))
  ok(banner.includes('objects written now survive the loss of any 2 of 10 nodes'))
})

test('paths with blanks and variables that would hide the credentials do not break the lines', () => {
  const lines = printLines({
    ...facts,
    credentialsPath: "/home/ann's disk/aws-credentials",
    hidingEnv: ['AWS_PROFILE'],
  })
  ok(lines[0]?.includes(`'/home/ann'\\''s disk/aws-credentials'`))
  equal(lines[1], 'unset AWS_PROFILE')
})
