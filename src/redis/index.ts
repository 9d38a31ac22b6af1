/** Sweeps on many machines, by BullMQ's queue on a Redis server. Nothing else loads BullMQ, and this only when it connects. */
export { connect, serverName, type Connection, type RedisOptions } from './connection.js'
export { redisExecutor } from './executor.js'
export { SweepWorker, type SweepWorkerOptions } from './worker.js'
