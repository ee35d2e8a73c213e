//! All texts of a request and of a reply in one piece.

use providers::{
    ask::{Ask, Block, Output},
    whole::{Part, Whole},
};

use super::{Blocked, Chosen};

impl Chosen {
    /// Looks at what is asked. Returns whether something was replaced.
    pub fn ask(&self, ask: &mut Ask) -> Result<bool, Blocked> {
        let mut changed = false;
        for section in &mut ask.system {
            changed |= self.replace(&mut section.text)?;
        }
        for piece in ask.messages.iter_mut().flat_map(|it| &mut it.pieces) {
            changed |= self.block(&mut piece.block)?;
        }
        for tool in &mut ask.tools {
            if let Some(description) = &mut tool.description {
                changed |= self.replace(description)?;
            }
        }
        Ok(changed)
    }

    fn block(&self, block: &mut Block) -> Result<bool, Blocked> {
        match block {
            Block::Text(text) => self.replace(text),
            Block::Image(_) | Block::File { .. } => Ok(false),
            Block::Call { arguments, .. } => self.replace_json(arguments),
            Block::Result { output, .. } => {
                let mut changed = false;
                for it in output {
                    match it {
                        Output::Text(text) => changed |= self.replace(text)?,
                        Output::Image(_) | Output::File { .. } => {}
                    }
                }
                Ok(changed)
            }
            Block::Thought { text, opaque } => {
                let changed = self.replace(text)?;
                if changed {
                    // The vendor's own block has the text as it was.
                    *opaque = None;
                }
                Ok(changed)
            }
        }
    }

    /// Looks at what was answered.
    pub fn whole(&self, whole: &mut Whole) -> Result<(), Blocked> {
        for part in &mut whole.parts {
            match part {
                Part::Text(text) => {
                    self.replace(text)?;
                }
                Part::Thought { text, opaque } => {
                    if self.replace(text)? {
                        *opaque = None;
                    }
                }
                Part::Call { arguments, .. } => {
                    self.replace_json(arguments)?;
                }
            }
        }
        Ok(())
    }

    fn replace(&self, text: &mut String) -> Result<bool, Blocked> {
        let masked = self.text(text)?;
        let changed = masked.is_some();
        if let Some(masked) = masked {
            *text = masked;
        }
        Ok(changed)
    }

    fn replace_json(&self, text: &mut String) -> Result<bool, Blocked> {
        let masked = self.json(text)?;
        let changed = masked.is_some();
        if let Some(masked) = masked {
            *text = masked;
        }
        Ok(changed)
    }
}
