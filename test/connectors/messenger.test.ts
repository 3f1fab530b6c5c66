import { connectorLaws } from '../contracts/connector.ts'
import { metaSubject } from './meta-subject.ts'

connectorLaws(metaSubject('messenger'))
