variable "project" {
  description = "Id of the project in which the collector runs"
  type        = string
}

variable "region" {
  description = "Where it runs, such as europe-west1"
  type        = string
}

variable "name" {
  description = "Begins the name of everything"
  type        = string
  default     = "cadastre"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}$", var.name))
    error_message = "name must be 2 to 19 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "image" {
  description = "The collector's image, by digest: REGION-docker.pkg.dev/PROJECT/cadastre/collect-gcp@sha256:…"
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must be named by its digest, so that what runs is what was looked at."
  }
}

variable "api" {
  description = "URL of the API, such as https://cadastre.example.org"
  type        = string

  validation {
    condition     = startswith(var.api, "https://")
    error_message = "api must be an https URL."
  }
}

variable "collector" {
  description = "The collector's name, as it is registered at the API"
  type        = string
  default     = "gcp"
}

variable "schedule" {
  description = "When it runs, in cron's form"
  type        = string
  default     = "*/15 * * * *"
}

variable "organization" {
  description = "Number of the organization to look at; exactly one of organization, folder and projects is set"
  type        = string
  default     = null
}

variable "folder" {
  description = "Number of the folder to look at"
  type        = string
  default     = null
}

variable "folder_organization" {
  description = "Number of the organization that the folder is in, where the custom role is made"
  type        = string
  default     = null
}

variable "projects" {
  description = "Ids of the projects to look at"
  type        = list(string)
  default     = []
}
