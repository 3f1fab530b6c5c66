import { tmpdir } from 'node:os'
import { sameThread, startThread } from '../../store/sqlite/thread.ts'
import { storeLaws } from '../contracts/store.ts'
import { scratch } from '../scratch.ts'
import { openInBulk, openSpecimen } from './specimen.ts'

// As it runs, on the disk; the others are about what is decided.
storeLaws('SQLite in threads of its own', async () => openSpecimen(startThread, await scratch(tmpdir())))
storeLaws("SQLite on the caller's thread", async () => openSpecimen(sameThread, await scratch()))
storeLaws('SQLite with facts loaded in bulk', openInBulk)
