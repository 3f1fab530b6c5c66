/** The beginning of a body, looked at before anything is kept of it; `rest` brings what follows. */
export async function readHead(rest: AsyncIterator<Buffer>, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let length = 0; length < bytes; ) {
    const next = await rest.next()
    if (next.done === true) break
    chunks.push(next.value)
    length += next.value.length
  }
  return Buffer.concat(chunks)
}

/** The whole body again. */
export async function* joined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}
