//! Parts of what Lambda is given, in which an empty one clears what there is.

use aws_sdk_lambda::types::{
    DestinationConfig, Filter, FilterCriteria, FunctionResponseType, OnFailure, ScalingConfig,
};

use super::Mapping;

impl Mapping {
    pub(super) fn scaling(&self) -> ScalingConfig {
        ScalingConfig::builder().set_maximum_concurrency(self.max_concurrency.map(u32::cast_signed)).build()
    }

    pub(super) fn response_types(&self) -> Vec<FunctionResponseType> {
        if self.partial { vec![FunctionResponseType::ReportBatchItemFailures] } else { Vec::new() }
    }

    pub(super) fn criteria(&self) -> FilterCriteria {
        let filters: Vec<_> = self.filters.iter().map(|pattern| Filter::builder().pattern(pattern).build()).collect();
        FilterCriteria::builder().set_filters((!filters.is_empty()).then_some(filters)).build()
    }

    pub(super) fn destination(&self) -> DestinationConfig {
        let arn = (!self.on_failure.is_empty()).then(|| OnFailure::builder().destination(&self.on_failure).build());
        DestinationConfig::builder().set_on_failure(arn).build()
    }
}
