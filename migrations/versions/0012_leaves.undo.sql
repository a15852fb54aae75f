-- The former version would reject events when ids come to the bounds.
alter table notification drop constraint if exists id_is_of_the_first_leaf;

alter table delivery drop constraint if exists id_is_of_the_first_leaf;

alter table attempt drop constraint if exists id_is_of_the_first_leaf;

alter table receipt drop constraint if exists id_is_of_the_first_leaf;

alter table inbox_item drop constraint if exists id_is_of_the_first_leaf;
