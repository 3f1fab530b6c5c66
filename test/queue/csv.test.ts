import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCsvPool } from '../../queue/csv/csv.ts'
import { detect } from '../../queue/csv/detect.ts'
import { RECORD_LINES_MAX } from '../../queue/csv/frames.ts'
import { type CsvRecord, type Format, readRecords } from '../../queue/csv/records.ts'

const UTF8: Format = { encoding: 'utf-8', separator: ',', newline: '\n' }

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

/** `line: cell | cell`, or the fault, of every record. */
async function read(content: string | Buffer, format?: Format, size = 7): Promise<string[]> {
  const bytes = Buffer.from(content as string)
  const records: CsvRecord[] = []
  const how = format ?? detect(bytes, {}, true)
  for await (const batch of readRecords(inChunks(bytes, size), how)) records.push(...batch)
  return records.map(({ line, cells, fault }) => `${line}: ${fault ?? cells.join(' | ')}`)
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const utf16 = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, 'utf16le')

describe('a CSV as people write it', () => {
  test.each<[string, string | Buffer, string[]]>([
    ['plain', 'a,b\n1,2\n', ['1: a | b', '2: 1 | 2']],
    ['Windows line ends, none at the end', 'a,b\r\n1,2', ['1: a | b', '2: 1 | 2']],
    ['line ends of old Macs', 'a,b\r1,2\r', ['1: a | b', '2: 1 | 2']],
    ['a byte order mark', '\uFEFFa,b\n1,2\n', ['1: a | b', '2: 1 | 2']],
    ['semicolons', 'a;b;c\n1,5;2;3\n', ['1: a | b | c', '2: 1,5 | 2 | 3']],
    ['tabs', 'a\tb\n1, 2\t3\n', ['1: a | b', '2: 1, 2 | 3']],
    ['bars', 'a|b\n1|2\n', ['1: a | b', '2: 1 | 2']],
    ["Excel's hint", 'sep=;\na;b\n1;2\n', ['2: a | b', '3: 1 | 2']],
    ['one column', 'phone\n+5215512345678\n', ['1: phone', '2: +5215512345678']],
    ['empty lines', 'a\n\n1\n   \n2\n', ['1: a', '3: 1', '5: 2']],
    ['nothing', '', []],
    ['separators in quotes', '"a,b",c\n"1,2",3\n', ['1: a,b | c', '2: 1,2 | 3']],
    ['a line end in quotes', 'a,b\n"1\r\n2",3\n4,5\n', ['1: a | b', '2: 1\r\n2 | 3', '4: 4 | 5']],
    ['quotes in quotes', 'a\n"say ""hi"""\n', ['1: a', '2: say "hi"']],
    ['inches', 'a,b\n5" pipe,1\n', ['1: a | b', '2: 5" pipe | 1']],
    ['a quote that closes too soon', 'a,b\n"x"y,1\n2,3\n', ['1: a | b', '2: "x"y | 1', '3: 2 | 3']],
    ['a row that is short, one that is long', 'a,b\n1\n1,2,3\n', ['1: a | b', '2: 1', '3: 1 | 2 | 3']],
    ['Latin-1', latin1('nombre;b\nJosé;Ñandú\n'), ['1: nombre | b', '2: José | Ñandú']],
    ['UTF-16', utf16('nombre\tb\nJosé\t1\n'), ['1: nombre | b', '2: José | 1']],
    [
      'a line of Latin-1 in a file of UTF-8',
      Buffer.concat([Buffer.from('nombre,b\nJosé,1\nÑu,2\n'), latin1('Pérez,3\n'), Buffer.from('Íñigo,4')]),
      ['1: nombre | b', '2: José | 1', '3: Ñu | 2', '4: Pérez | 3', '5: Íñigo | 4'],
    ],
  ])('%s', async (_name, content, expected) => {
    expect(await read(content)).toEqual(expected)
    expect(await read(content, undefined, 100_000)).toEqual(expected)
  })
})

describe('one bad line costs that line', () => {
  test('a quote that is never closed', async () => {
    const rows = Array.from({ length: RECORD_LINES_MAX + 50 }, (_, at) => `${at},x`)
    rows[3] = '"open,x'
    const found = await read(rows.join('\n'), UTF8, 64)
    expect(found[3]).toBe('4: openQuote')
    expect(found.filter(row => !row.endsWith('| x'))).toEqual(['4: openQuote'])
    expect(found).toHaveLength(rows.length)
  })

  test('the last line has one', async () => {
    expect(await read('a,b\n1,2\n"open\n3,4', UTF8)).toEqual([
      '1: a | b',
      '2: 1 | 2',
      '3: openQuote',
      '4: 3 | 4',
    ])
  })

  test('a line of 10 MB', async () => {
    const content = `a,b\n1,${'x'.repeat(10_000_000)}\n2,3\n`
    expect(await read(content, UTF8, 65_536)).toEqual(['1: a | b', '2: tooLong', '3: 2 | 3'])
  })

  test('300 columns', async () => {
    const row = Array.from({ length: 300 }, (_, at) => at)
    expect(await read(`${row.join(',')}\n${row.join(',')}\n`)).toEqual([
      `1: ${row.join(' | ')}`,
      `2: ${row.join(' | ')}`,
    ])
  })

  test('nothing that can be in a file is too much, however it is cut', async () => {
    const piece = fc.constantFrom('"', ',', '\n', '\r\n', 'a', 'é', '=', '""', '\0', '"x"')
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        async (pieces, size) => {
          const content = pieces.join('')
          const whole = await read(content, UTF8, 1_000)
          expect(await read(content, UTF8, size)).toEqual(whole)
          // What has something on it is a record, or part of one.
          if (/[^\s"]/.test(content)) expect(whole.length).toBeGreaterThan(0)
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('detection believes who tells it', () => {
  test('the separator and the encoding', () => {
    const head = latin1('a;b,c\nJosé;1,2\n')
    expect(detect(head, { separator: ',' }, true)).toMatchObject({ separator: ',', encoding: 'windows-1252' })
    expect(detect(Buffer.from('a,b'), { encoding: 'windows-1252' })).toMatchObject({
      encoding: 'windows-1252',
    })
    expect(detect(utf16('a,b'), { encoding: 'utf-8' })).toMatchObject({ encoding: 'utf-16le' })
  })

  test('UTF-16 without a mark', () => {
    const text = 'name,phone\nJosé,+5215512345678\n'
    expect(detect(Buffer.from(text, 'utf16le'))).toMatchObject({ encoding: 'utf-16le', separator: ',' })
    expect(detect(Buffer.from(text, 'utf16le').swap16())).toMatchObject({ encoding: 'utf-16be' })
  })
})

describe('files are read in a thread', () => {
  const plan = {
    ...UTF8,
    ...{ header: true, match: 'any', tagSeparator: ';', checkPhones: true, dryRun: false },
    columns: [{ column: 'phone', to: 'phone' }],
    defaults: { tags: [], language: null, country: null, timeZone: null },
  } as const
  const job = { format: UTF8, use: 'contacts', with: [{ ...plan, columns: [...plan.columns] }, []] } as const
  const rows = Array.from({ length: 3_000 }, (_, at) => `+52155${10_000_000 + at}`)
  const file = Buffer.from(`phone\n${rows.join('\n')}\n`)

  test('as far ahead as it is taken, and from where it was left', async () => {
    const pool = createCsvPool()
    let taken = 0
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of inChunks(file, 4_000)) {
        taken += chunk.length
        yield chunk
      }
    }
    const open = { ...job, with: [...job.with] as never }
    const reading = pool.read({ ...open, skip: 0 }, counted())
    const { value: first } = await reading.next()
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(taken).toBeLessThan(file.length)
    await reading.return(undefined)
    const read: string[] = []
    let at = 0
    for await (const { from, to, made } of pool.read({ ...open, skip: 700 }, inChunks(file, 4_000))) {
      expect(from).toBe(at)
      at = to
      if (made !== null) for (const { addresses } of JSON.parse(made.rows)) read.push(addresses[0].value)
    }
    expect(first).toMatchObject({ from: 0, to: 500 })
    // The head is one of the 700.
    expect(read).toEqual(rows.slice(699))
    await pool.stop()
  })

  test('what the source throws is thrown, and the next file is read', async () => {
    const pool = createCsvPool()
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield file.subarray(0, 100)
      throw new Error('the disk is gone')
    }
    const open = { ...job, with: [...job.with] as never, skip: 0 }
    await expect(Array.fromAsync(pool.read(open, broken()))).rejects.toThrow('the disk is gone')
    expect(await Array.fromAsync(pool.read(open, inChunks(file, 8_000)))).toHaveLength(7)
    await pool.stop()
  })
})
