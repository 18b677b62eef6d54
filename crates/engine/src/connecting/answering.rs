//! Answering a form that a flow shows.

use std::collections::BTreeMap;

use bankside_connect::{Answered, Form, Input};
use bankside_domain::{Asker, FlowId, Secret};
use bankside_store::FlowStage;

use super::memory::StepMemory;
use super::{FlowPage, FlowView};
use crate::{Engine, EngineError};

/// More than anybody has to type for a bank.
const MAX_ANSWER_CHARS: usize = 1000;

impl Engine {
    /// The person has filled in the form that a flow shows. The answers go to the provider and are not kept. Where they cannot be
    /// meant, nothing is sent and the form says why. It is the person who began who signs in there, so nobody else answers.
    pub async fn answer_flow(
        &self,
        asker: &Asker,
        id: FlowId,
        typed: &BTreeMap<String, Secret>,
    ) -> Result<FlowView, EngineError> {
        let flow = self.store.flow(asker, id).await?;
        let (memory, key) = self.memory_of(&flow)?;
        match &memory.step {
            StepMemory::Ask { form, .. } if flow.stage == FlowStage::Open && flow.expires_at > self.ambient.now() => {
                let answered = if asker.person() == Some(flow.person) {
                    answers(form, typed)
                } else {
                    Err("Only the person who began this can answer. Nothing was sent.".to_owned())
                };
                match answered {
                    Ok(answers) => self.advance(asker, flow, memory, &key, Input::Answers(answers)).await,
                    Err(wrong) => {
                        let form = Box::new(Form { error: Some(wrong), ..*form.clone() });
                        Ok(FlowView { page: FlowPage::Ask { form }, ..self.view(&flow, &memory)? })
                    }
                }
            }
            _ => self.view(&flow, &memory),
        }
    }
}

/// What was typed into a form, by its fields: whole, of a sane size, a choice among those that were offered.
fn answers(form: &Form, typed: &BTreeMap<String, Secret>) -> Result<BTreeMap<String, Secret>, String> {
    let mut answers = BTreeMap::new();
    for field in &form.fields {
        let text = typed.get(&field.key).map(|text| text.expose().trim()).unwrap_or_default();
        if text.is_empty() && field.is_optional {
            continue;
        }
        let wrong = match &field.answered {
            _ if text.is_empty() => Some(format!("{} is missing.", field.label)),
            _ if text.chars().count() > MAX_ANSWER_CHARS || text.chars().any(char::is_control) => {
                Some(format!("{} cannot be that long, or hold such characters.", field.label))
            }
            Answered::OneOf(options) if !options.iter().any(|option| option == text) => {
                Some(format!("{} must be one of those that are offered.", field.label))
            }
            Answered::Text | Answered::Secret | Answered::Code | Answered::OneOf(_) => None,
        };
        if let Some(message) = wrong {
            return Err(message);
        }
        answers.insert(field.key.clone(), Secret::new(text));
    }
    Ok(answers)
}
