import { createBus } from '../../bus/memory.ts'
import { busLaws } from '../contracts/bus.ts'

busLaws('the bus within one process', async () => createBus())
