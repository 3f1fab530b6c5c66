import { tmpdir } from 'node:os'
import { sameThread, startThread } from '../../store/sqlite/thread.ts'
import { CALL_LAWS, storeLaws } from '../contracts/store.ts'
import { freshFolder, openInBulk, openSpecimen } from './specimen.ts'

// As it runs, on the disk: two threads are started for each law.
storeLaws(
  'SQLite in threads of its own',
  async () => openSpecimen(startThread, await freshFolder(tmpdir())),
  CALL_LAWS,
)
storeLaws("SQLite on the caller's thread", async () => openSpecimen(sameThread, await freshFolder()))
storeLaws('SQLite with facts loaded in bulk', openInBulk)
