/** The way to a Redis server: loaded when it is asked for, since most never do. */
import type { Redis } from 'ioredis'
import { refuseUnknown } from '../options/known.js'

type BullMQ = typeof import('bullmq')

export interface RedisOptions {
  /** `redis://[user:password@]host[:port][/database]`; `rediss:` with TLS. */
  url: string
  /** Is told, in a sentence, when the connection is lost and when it is there again. */
  onNotice?: (sentence: string) => void
}

export interface Connection {
  /** The server, without its password. */
  readonly name: string
  readonly client: Redis
  readonly bullmq: BullMQ
  close(): Promise<void>
}

/** All keys of ours begin with it. */
export const prefix = 'unrolled'
/** BullMQ's queue of trials, of all sweeps. */
export const queueName = 'trials'

const longestWait = 5000

/** Throws a sentence if there is no way to the server. Once there was one, a lost connection is made again, however long that takes. */
export async function connect(options: RedisOptions): Promise<Connection> {
  refuseUnknown('connect', options, { url: true, onNotice: true })
  const { url, onNotice } = options
  const name = serverName(url)
  const { bullmq, ioredis } = await load()
  let [isThere, isClosed] = [false, false]
  let why = 'no answer'
  const client = new ioredis.Redis(url, {
    lazyConnect: true,
    connectTimeout: 10_000,
    // As BullMQ asks for it: what was asked waits until the server is there again.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (isThere ? Math.min(200 * times, longestWait) : null),
  })
  client.on('error', (error: NodeJS.ErrnoException) => (why = reasonOf(error)))
  try {
    await client.connect()
    await client.ping()
  } catch (error) {
    client.disconnect()
    const message = reasonOf(error as Error)
    throw new Error(
      `${name}: cannot be reached (${/closed/i.test(message) ? why : message}); a Redis server must be running there`,
    )
  }
  isThere = true
  let isLost = false
  client.on('close', () => {
    if (!isLost && !isClosed) onNotice?.(`${name}: the connection is lost; trying again`)
    isLost = true
  })
  client.on('ready', () => {
    if (isLost) onNotice?.(`${name}: connected again`)
    isLost = false
  })
  return {
    name,
    client,
    bullmq,
    close() {
      isClosed = true
      client.disconnect()
      return Promise.resolve()
    },
  }
}

/** A server as it is shown, without its password. Throws a sentence for what is no URL of one. */
export function serverName(text: string): string {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new Error('redis: is no URL; must be like redis://host:6379')
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    throw new Error(`redis: begins with '${url.protocol}'; must be like redis://host:6379, or rediss:// with TLS`)
  }
  if (url.hostname === '') throw new Error('redis: names no host; must be like redis://host:6379')
  const database = url.pathname.replace(/^\/$/, '')
  if (!/^(\/\d+)?$/.test(database)) throw new Error(`redis: '${database.slice(1)}' is no database; must be a number`)
  return `${url.protocol}//${url.hostname}:${url.port === '' ? '6379' : url.port}${database}`
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host could not be looked up',
  ETIMEDOUT: 'no answer',
  ECONNRESET: 'the connection was closed',
}

const reasonOf = (error: NodeJS.ErrnoException): string => reasons[error.code ?? ''] ?? error.message

async function load(): Promise<{ bullmq: BullMQ; ioredis: { readonly Redis: typeof Redis } }> {
  try {
    const [bullmq, ioredis] = await Promise.all([import('bullmq'), import('ioredis')])
    return { bullmq, ioredis }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new Error('redis: needs BullMQ, which is not installed; run npm install bullmq ioredis')
  }
}
