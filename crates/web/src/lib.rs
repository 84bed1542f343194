//! Pages, forms and API. Knows no rule and no database.
