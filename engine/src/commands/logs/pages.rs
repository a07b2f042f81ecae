//! The lines of log groups between two times, merged by time. Of each group one page is in memory: up to 1 MB.
//!
//! CloudWatch Logs gives the lines of a group in the order of their times, over all its streams
//! (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>).
//!
//! IAM: logs:FilterLogEvents.

use std::collections::VecDeque;

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use futures_util::future::join_all;

use crate::aws::Cx;
use crate::error::{Error, Result};

/// A line, as CloudWatch Logs has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// When it was written, in milliseconds since 1970.
    pub at: i64,
    /// The log stream that has it.
    pub stream: String,
    pub text: String,
}

/// Which lines are read.
#[derive(Clone, Debug, Default)]
pub struct Range {
    /// In milliseconds since 1970; this one is in it.
    pub from: i64,
    /// The end, which is in it as well; nothing for no end.
    pub to: Option<i64>,
    /// CloudWatch's own filter pattern.
    pub pattern: Option<String>,
}

/// The lines of some groups, merged.
pub struct Merged<'a> {
    cx: &'a Cx,
    range: Range,
    groups: Vec<Group<'a>>,
    /// Why no more of a group can be read: told after the line that was read before.
    failed: Option<(usize, Error)>,
}

struct Group<'a> {
    /// Its place in the list that was given.
    at: usize,
    name: &'a str,
    page: VecDeque<Line>,
    /// Where the next page begins; nothing before the first.
    token: Option<String>,
    over: bool,
}

impl<'a> Merged<'a> {
    /// Begins with the first page of each group. A group that cannot be read is left out, and comes back with the reason.
    pub async fn of(cx: &'a Cx, names: &[(usize, &'a str)], range: Range) -> (Self, Vec<(usize, Error)>) {
        let group =
            |&(at, name): &(usize, &'a str)| Group { at, name, page: VecDeque::new(), token: None, over: false };
        let mut groups: Vec<Group<'a>> = names.iter().map(group).collect();
        let filled = join_all(groups.iter_mut().map(|group| group.fill(cx, &range))).await;
        let (mut kept, mut failed) = (Vec::new(), Vec::new());
        for (group, filled) in groups.into_iter().zip(filled) {
            match filled {
                Ok(()) => kept.push(group),
                Err(error) => failed.push((group.at, error)),
            }
        }
        (Self { cx, range, groups: kept, failed: None }, failed)
    }

    /// The next line, and the place of its group; nothing at the end.
    ///
    /// # Errors
    /// Those of CloudWatch Logs, with the place of the group, of which nothing more comes.
    pub async fn next_line(&mut self) -> Option<Result<(usize, Line), (usize, Error)>> {
        if let Some(failed) = self.failed.take() {
            return Some(Err(failed));
        }
        let first = self.groups.iter_mut().filter(|group| !group.page.is_empty());
        let group = first.min_by_key(|group| group.page.front().map(|line| line.at))?;
        let line = group.page.pop_front()?;
        let at = group.at;
        // A page that ends is followed by the next one, else this group would be passed over.
        if group.page.is_empty()
            && let Err(error) = group.fill(self.cx, &self.range).await
        {
            group.over = true;
            self.failed = Some((at, error));
        }
        Some(Ok((at, line)))
    }
}

impl Group<'_> {
    /// Reads pages until there are lines, or none any more.
    async fn fill(&mut self, cx: &Cx, range: &Range) -> Result<()> {
        while self.page.is_empty() && !self.over {
            let request = cx.aws.logs.filter_log_events().log_group_name(self.name).start_time(range.from.max(0));
            let request = request.set_end_time(range.to).set_filter_pattern(range.pattern.clone());
            let answer = request.set_next_token(self.token.take()).send().await?;
            self.page.extend(answer.events.unwrap_or_default().into_iter().map(line));
            self.token = answer.next_token;
            self.over = self.token.is_none();
        }
        Ok(())
    }
}

fn line(event: FilteredLogEvent) -> Line {
    Line {
        at: event.timestamp.unwrap_or_default(),
        stream: event.log_stream_name.unwrap_or_default(),
        text: event.message.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
