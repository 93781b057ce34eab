/** Lists, page by page. */

import type { Fields } from './body.ts';
import type { Call } from './call.ts';
import { Refused } from './refused.ts';
import { jsonReply, type Reply } from './reply.ts';
import { type Keepable, pageSizeOf, type Shelf } from './shelf.ts';
import type { World } from './world.ts';

/** How a list is shown. */
export interface Listing<Item> {
  /** Of the field. */
  readonly name: string;
  /** Items on a page when nobody says, and at most. */
  readonly usual: number;
  readonly most: number;
  show(item: Item): Fields;
  /** All of them, unless said. */
  isListed?(item: Item): boolean;
}

/** One page. The paths around interactions write their names with underscores. An empty list is left out, as protobuf does. */
export function pageReply<Item extends Keepable>(
  shelf: Shelf<Item>,
  { query, dialect }: Call,
  world: World,
  { name, usual, most, show, isListed }: Listing<Item>,
): Reply {
  const token = query.get('pageToken') ?? query.get('page_token');
  const page = shelf.page(pageSizeOf(query, usual, most), token, world.now(), isListed);
  if (page === null) throw new Refused('400');
  const shown = page.items.map(show);
  const tokenName = dialect === 'interactions' ? 'next_page_token' : 'nextPageToken';
  const fields = { [name]: shown.length > 0 ? shown : undefined, [tokenName]: page.nextPageToken ?? undefined };
  return jsonReply(fields, world.now());
}
