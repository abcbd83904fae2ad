<?php
/**
 * On a network: copies each post that is saved on another site to the site with the path `/two/`, within the same
 * request.
 */

add_action(
	'wp_after_insert_post',
	static function ( $post_id, $post ) {
		$target = get_blog_id_from_url( DOMAIN_CURRENT_SITE, '/two/' );
		if ( get_current_blog_id() === $target || 'post' !== $post->post_type ) {
			return;
		}
		switch_to_blog( $target );
		wp_insert_post(
			array(
				'post_title'  => $post->post_title,
				'post_status' => 'publish',
			)
		);
		restore_current_blog();
	},
	10,
	2
);
