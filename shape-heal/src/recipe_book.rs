//! All recipes of a service.

use std::{fs, path::Path};

use crate::{Error, Recipe, error::Repr};

/// The recipes that healing chooses from.
#[derive(Clone, Debug, PartialEq)]
pub struct RecipeBook {
    recipes: Vec<Recipe>,
}

impl Default for RecipeBook {
    /// Only the built-in revert.
    fn default() -> Self {
        Self {
            recipes: vec![Recipe::revert_suspect()],
        }
    }
}

impl RecipeBook {
    /// A book of these recipes and nothing else.
    pub fn new(recipes: impl IntoIterator<Item = Recipe>) -> Result<Self, Error> {
        let mut book = Self {
            recipes: Vec::new(),
        };
        for recipe in recipes {
            book.push(recipe)?;
        }
        Ok(book)
    }

    /// Reads every `*.toml` file of a folder, in the order of their names, and adds the built-in revert unless a
    /// recipe of the folder has its id.
    pub fn from_dir(folder: &Path) -> Result<Self, Error> {
        let failed = |error| Error::state("read", folder, error);
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                paths.push(path);
            }
        }
        paths.sort();
        let mut book = Self {
            recipes: Vec::new(),
        };
        for path in paths {
            let text = fs::read_to_string(&path)
                .map_err(|error| Error::state("read", path.as_path(), error))?;
            book.push(Recipe::from_toml(&text, &path.to_string_lossy(), folder)?)?;
        }
        if book.get(Recipe::REVERT_SUSPECT).is_none() {
            book.recipes.push(Recipe::revert_suspect());
        }
        Ok(book)
    }

    fn push(&mut self, recipe: Recipe) -> Result<(), Error> {
        if self.get(&recipe.id).is_some() {
            return Err(Repr::Config(format!("two recipes have the id `{}`", recipe.id)).into());
        }
        self.recipes.push(recipe);
        Ok(())
    }

    /// Leaves out the recipe with this id, the built-in revert for example.
    #[must_use]
    pub fn without(mut self, id: &str) -> Self {
        self.recipes.retain(|recipe| recipe.id != id);
        self
    }

    /// A recipe by id.
    pub fn get(&self, id: &str) -> Option<&Recipe> {
        self.recipes.iter().find(|recipe| recipe.id == id)
    }

    /// All recipes.
    pub fn recipes(&self) -> &[Recipe] {
        &self.recipes
    }
}
