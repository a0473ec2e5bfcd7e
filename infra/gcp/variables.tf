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
    condition     = can(regex("^[a-z][a-z0-9-]{0,17}[a-z0-9]$", var.name))
    error_message = "name must be 2 to 19 lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "image" {
  description = "The collector's image, by digest: REGION-docker.pkg.dev/PROJECT/cadastre/collect-gcp@sha256:…; not needed for the repository it goes to"
  type        = string
  default     = null

  validation {
    condition     = var.image == null || can(regex("@sha256:[0-9a-f]{64}$", var.image))
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
  description = "When it runs, in cron's five fields, UTC; what it reports is stale when it did not for three times the longest pause"
  type        = string
  default     = "*/15 * * * *"

  validation {
    condition     = can(regex("^(\\S+ ){4}\\S+$", var.schedule))
    error_message = "schedule must be five fields of cron, such as */15 * * * *."
  }
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

variable "alarm_email" {
  description = "Who is told when the collector fails or is silent; without it the alarms are in Cloud Monitoring alone"
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null || can(regex("^[^@ ]+@[^@ ]+$", var.alarm_email))
    error_message = "alarm_email must be an e-mail address."
  }
}

variable "silence_hours" {
  description = "After how many hours without a run that succeeded somebody is told"
  type        = number
  default     = 3

  validation {
    condition     = var.silence_hours >= 1 && var.silence_hours <= 23 && floor(var.silence_hours) == var.silence_hours
    error_message = "silence_hours must be a whole number from 1 to 23."
  }
}

variable "labels" {
  description = "On everything that can have labels, beside application and deployment"
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setintersection(keys(var.labels), ["application", "deployment"])) == 0
    error_message = "labels must not have application or deployment, which are set by the deployment itself."
  }
}

variable "scope_seconds" {
  description = "After how long one list of a project is given up; the collector's own default when null"
  type        = number
  default     = null

  validation {
    condition     = var.scope_seconds == null || try(var.scope_seconds >= 10 && var.scope_seconds <= 1700 && floor(var.scope_seconds) == var.scope_seconds, false)
    error_message = "scope_seconds must be a whole number from 10 to 1700."
  }
}

variable "concurrency" {
  description = "How many projects are looked at at once; the collector's own default when null"
  type        = number
  default     = null

  validation {
    condition     = var.concurrency == null || try(var.concurrency >= 1 && var.concurrency <= 100 && floor(var.concurrency) == var.concurrency, false)
    error_message = "concurrency must be a whole number from 1 to 100."
  }
}

variable "page_size" {
  description = "How many resources are asked for at once; the collector's own default when null"
  type        = number
  default     = null

  validation {
    condition     = var.page_size == null || try(var.page_size >= 1 && var.page_size <= 500 && floor(var.page_size) == var.page_size, false)
    error_message = "page_size must be a whole number from 1 to 500."
  }
}
