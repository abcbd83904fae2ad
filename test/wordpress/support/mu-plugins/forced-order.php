<?php
/**
 * A common mistake of themes: every query is ordered by title, also those of REST.
 */

add_action(
	'pre_get_posts',
	static function ( $query ) {
		$query->set( 'orderby', 'title' );
		$query->set( 'order', 'DESC' );
	}
);
