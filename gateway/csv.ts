import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

/** Without it Excel takes UTF-8 for something else. */
const BYTE_ORDER_MARK = '\uFEFF'

/** A CSV that is made while it is sent: whoever reads slowly is waited for, and nothing is held but a page. */
export function sendCsv(reply: FastifyReply, name: string, pages: AsyncIterable<string>): FastifyReply {
  reply.headers({
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': `attachment; filename="${name}"`,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  })
  return reply.send(Readable.from(bytesOf(pages)))
}

async function* bytesOf(pages: AsyncIterable<string>): AsyncGenerator<Buffer> {
  yield Buffer.from(BYTE_ORDER_MARK)
  for await (const page of pages) if (page !== '') yield Buffer.from(page)
}
