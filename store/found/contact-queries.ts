import { PEOPLE_QUERIES, type PeopleQueries } from '../people.ts'
import { FOUND_QUERIES, type FoundQueries } from './queries.ts'
import { SEGMENT_QUERIES, type SegmentQueries } from './segments.ts'
import { TIMELINE_QUERIES, type TimelineQueries } from './timeline.ts'

/** All that is asked about people: one, many, and what happened to them. */
export type ContactQueries = PeopleQueries & FoundQueries & SegmentQueries & TimelineQueries

export const CONTACT_QUERIES = {
  ...PEOPLE_QUERIES,
  ...FOUND_QUERIES,
  ...SEGMENT_QUERIES,
  ...TIMELINE_QUERIES,
}
