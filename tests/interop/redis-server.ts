/** A Redis server of these tests' own: on a free port of loopback, and nothing of it is kept. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'

export class RedisServer {
  readonly port: number
  readonly url: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'unrolled-redis-'))
  #process: ChildProcess | undefined
  #client: Redis | undefined

  private constructor(port: number) {
    this.port = port
    this.url = `redis://127.0.0.1:${port}`
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort())
    await server.start()
    return server
  }

  /** Returns when it answers. */
  async start(): Promise<void> {
    const flags = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.#folder]
    this.#process = spawn('/usr/bin/redis-server', flags, { stdio: 'ignore' })
    const client = new Redis(this.url, { retryStrategy: (times) => (times < 100 ? 50 : null), maxRetriesPerRequest: null })
    client.on('error', () => {})
    await client.ping()
    client.disconnect()
  }

  async stop(): Promise<void> {
    if (this.#process?.exitCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }

  async remove(): Promise<void> {
    this.#client?.disconnect()
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** What the server has of trials: for each, the names of its files. */
  async trials(): Promise<string[][]> {
    this.#client ??= new Redis(this.url).on('error', () => {})
    const client = this.#client
    const keys = await client.keys('unrolled:trial:*')
    return Promise.all(keys.map((key) => client.hkeys(key)))
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
