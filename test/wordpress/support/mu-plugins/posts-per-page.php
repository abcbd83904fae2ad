<?php
/**
 * A common mistake of themes: every query gets 12 posts, also those of REST.
 */

add_action(
	'pre_get_posts',
	static function ( $query ) {
		$query->set( 'posts_per_page', 12 );
	}
);
