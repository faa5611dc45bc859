//! Walking a paged list to its end.

use moments_wecom::Page;
use moments_wire::CallError;

/// More pages than any list of ours has: 100 000 senders at the smallest page that the vendor may fall back to.
const MAX_PAGES: usize = 1000;

/// All entries, page after page; a short page is not the end. A list that does not end is no answer.
pub(super) async fn all<T, F, Fut>(page: F) -> Result<Vec<T>, CallError>
where
    F: Fn(Option<String>) -> Fut,
    Fut: Future<Output = Result<Page<T>, CallError>>,
{
    let (mut items, mut cursor) = (Vec::new(), None);
    for _ in 0..MAX_PAGES {
        let Page {
            items: more,
            next_cursor,
        } = page(cursor.clone()).await?;
        items.extend(more);
        if next_cursor.is_none() {
            return Ok(items);
        }
        if next_cursor == cursor {
            break;
        }
        cursor = next_cursor;
    }
    Err(CallError::no_answer("分页列表没有结束"))
}
