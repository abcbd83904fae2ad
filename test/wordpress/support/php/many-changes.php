<?php
/**
 * Edits 100 contents, trashes 10, deletes 10 and creates 10, as wp-admin does. Runs inside WordPress. Returns
 * the ids.
 */

global $wpdb;
wp_set_current_user( 1 );

// Leaves out parents and children: a change of a parent also changes the address of its children.
$ids = array_map(
	'intval',
	$wpdb->get_col(
		"SELECT ID FROM {$wpdb->posts} AS seeded WHERE post_type IN ('post', 'book') AND post_title LIKE 'Seeded%' AND post_parent = 0
		AND post_status NOT IN ('trash', 'auto-draft', 'inherit')
		AND NOT EXISTS (SELECT * FROM {$wpdb->posts} AS child WHERE child.post_parent = seeded.ID AND child.post_type = 'book')
		ORDER BY CRC32(ID) LIMIT 120"
	)
);

$edited = array_slice( $ids, 0, 100 );
foreach ( $edited as $n => $id ) {
	$post  = get_post( $id );
	$terms = 'post' === $post->post_type ? array( 'post_tag' => array( "New tag {$n}", 'green' ) ) : array( 'genre' => array( get_term_by( 'slug', 'poetry', 'genre' )->term_id ) );
	wp_update_post(
		wp_slash(
			array(
				'ID'           => $id,
				'post_title'   => "Edited {$n} \\ \"there\" 🎉",
				'post_content' => $post->post_content . "\n\n<!-- wp:paragraph -->\n<p>More \\ {$n}</p>\n<!-- /wp:paragraph -->",
				'post_status'  => 0 === $n % 10 ? 'draft' : $post->post_status,
				'meta_input'   => array( 'rating' => $n ),
				'tax_input'    => $terms,
			)
		)
	);
}
$trashed = array_slice( $ids, 100, 10 );
array_map( 'wp_trash_post', $trashed );
$deleted = array_slice( $ids, 110, 10 );
foreach ( $deleted as $id ) {
	wp_delete_post( $id, true );
}
$made = array();
for ( $n = 0; $n < 10; $n++ ) {
	$made[] = wp_insert_post(
		wp_slash(
			array(
				'post_type'    => 0 === $n % 2 ? 'post' : 'book',
				'post_title'   => "New {$n} \\ 🎈",
				'post_content' => "<p>New \\ {$n}</p>",
				'post_status'  => $n < 4 ? 'draft' : 'publish',
			)
			// A backdated draft: WordPress sets its modified date to the same date.
			+ ( $n < 4 ? array( 'post_date' => '2019-02-03 04:05:06', 'post_date_gmt' => '2019-02-03 04:05:06' ) : array() )
		)
	);
}

return compact( 'edited', 'trashed', 'deleted', 'made' );
